/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_AUX_H_
#define _BOUND_BOUND_AUX_H_

#include <linux/stringify.h>
#include <linux/types.h>

struct auxiliary_device;
struct bound_aux;
struct bound_gate;
struct bound_token;

/**
 * struct bound_aux_type - names the type of a parent's registration data
 * @name: the C type's name, for messages
 *
 * The address is the identity: the parent's module defines one object per
 * type, exports it, and both sides name it. Two types are the same if and only
 * if it is the same object.
 */
struct bound_aux_type {
	const char *name;
};

/**
 * DEFINE_BOUND_AUX_TYPE() - define the identity of a data type
 * @_var: name of the object; declare it extern const next to the type, and export it
 * @_type: the C type that it stands for
 */
#define DEFINE_BOUND_AUX_TYPE(_var, _type)						\
	const struct bound_aux_type _var = {						\
		.name = __stringify(_type) + 0 * sizeof(_type),				\
	}

/**
 * struct bound_aux_args - what to register
 * @name: device name; copied. The device matches "<module>.<name>".
 * @id: instance; the device is called "<module>.<name>.<id>"
 * @type: identity of @data's type; not NULL
 * @data: what the child gets; not NULL. Owned by the parent until
 *	bound_aux_register() has succeeded, then by the registration.
 * @release: called once when nobody can reach @data any more, may sleep; NULL
 *	if @data needs nothing. Not called when bound_aux_register() fails.
 */
struct bound_aux_args {
	const char *name;
	u32 id;
	const struct bound_aux_type *type;
	void *data;
	void (*release)(void *data);
};

/**
 * bound_aux_register() - register an auxiliary device with data of a declared type
 * @gate: the parent's gate
 * @args: pointer to &struct bound_aux_args, needed during the call only; may be a
 *	compound literal, whose commas are why this is variadic
 *
 * See __bound_aux_register(); the calling module's name becomes the first part
 * of the device's name.
 */
#define bound_aux_register(gate, args...) \
	__bound_aux_register(gate, __bound_aux_args(args), KBUILD_MODNAME)
#define __bound_aux_args(args...) (args)

struct bound_aux * __must_check __bound_aux_register(struct bound_gate *gate,
						     const struct bound_aux_args *args,
						     const char *modname);
void bound_aux_unregister(struct bound_aux *aux);
struct auxiliary_device *bound_aux_device(struct bound_aux *aux);

struct bound_gate *bound_aux_parent_gate(struct auxiliary_device *adev);
void * __must_check bound_aux_data(const struct bound_token *tok, struct auxiliary_device *adev,
				   const struct bound_aux_type *type);
int __must_check bound_aux_with(struct auxiliary_device *adev, const struct bound_aux_type *type,
				int (*fn)(void *data, void *arg), void *arg);

#endif /* _BOUND_BOUND_AUX_H_ */
